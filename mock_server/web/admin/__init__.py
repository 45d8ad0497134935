"""The control API (v1): JSON below `/__admin`, errors as `application/problem+json`."""
