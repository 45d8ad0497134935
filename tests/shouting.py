"""A command such as another package may bring."""

import click


@click.command()
@click.argument("text")
def shout(text: str) -> None:
    """Print TEXT in capitals."""
    click.echo(text.upper())
