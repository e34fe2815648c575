"""`show`: all that the index knows of one thing, as one page.

A thing is a tag, a manifest, an image, a layer, a chain or a blob, named by its name, its digest or the start of one.
`find` says which thing is meant, the modules named after things which parts a page of theirs has, `page` asks for them,
and `write` makes them text or JSON. Each part is one fixed query that starts from a key, so that a page costs little in
an index of any size. Nothing is judged here: what is wrong with stores is what `queries/integrity` asks.
"""
