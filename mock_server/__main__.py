"""`python -m mock_server` is `vatportal-mock`."""

from mock_server.cli import main

if __name__ == "__main__":
    main(prog_name="vatportal-mock")
