"""Drawings as SVG that fills its place: places across in per cent, heights in pixels.

So text keeps its size on a telephone and on a wall, nothing has to be drawn again when a window
changes, no script is needed, and colours are classes of the style sheet, which follow light and
dark. Each drawing has a title and says in words what it shows; the figures stand in a table beside.
"""
