"""The dashboard and `/docs` in a real browser: Chromium, driven by Playwright."""
