"""The figures that are told of a tied group, a file each; its docstring states its null."""
