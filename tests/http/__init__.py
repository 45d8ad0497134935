"""Tests over HTTP, against a live server on a real socket."""
