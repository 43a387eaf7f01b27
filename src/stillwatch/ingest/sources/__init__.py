"""Where records come from: the files of a traffic directory, as chunks of whole lines.

Bytes in, `RawChunk` out: files are found, unpacked, cut into whole lines and hashed on the way,
each byte read once. Nothing here knows what a record means, but for the first few of a file, from
which its dialect is told.
"""
