"""Tests of the rules about clients."""
