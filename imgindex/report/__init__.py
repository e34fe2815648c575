"""Reports: saved queries in order, answered from one snapshot of an index, and written as HTML, Markdown or JSON.

`shelf` knows which there are, `definition` and `check` read and judge a file, `answer` asks, `write` hands what was
answered to a writer; what passes between them is in `model`. There is no SQL here, but for the names of the sources.
"""
