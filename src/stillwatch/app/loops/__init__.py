"""What goes round beside the service: segments into the lake, and looks at the lake.

Each is a process of its own, so that neither slows an answer: `committing` takes what the service
has acknowledged, `detecting` looks at what has been committed. `rounds` is how both go round and
end, `batches` how segments become chunks, `results_folder` where looks leave their results.
"""
