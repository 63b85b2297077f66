"""The generator, which proves how every stored number is rounded; it needs python-flint (extra ``oracle``)."""
