"""`registry-bridge example`: the sample configuration, or the schema of one."""

import click

from producer.example import configuration_schema, example_configuration


@click.command("example", epilog="Example: registry-bridge example > bridge.yaml")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the configuration instead, for editors.")
def example_command(*, schema: bool) -> int:
    """Print a sample configuration.

    It has every key with its default and a comment: registry-bridge example > bridge.yaml. With --schema the
    command prints the JSON Schema by which editors check the file: registry-bridge example --schema >
    bridge.schema.json.
    """
    click.echo(configuration_schema() if schema else example_configuration(), nl=False)
    return 0
