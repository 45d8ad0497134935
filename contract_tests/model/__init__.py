"""A reference model of the portal, and steps at random that hold a server against it.

`portal` is the model: plain dictionaries, without a server, a clock or chance. `play` takes steps on a server and has
the model judge every answer; `machine` invents the steps.
"""
