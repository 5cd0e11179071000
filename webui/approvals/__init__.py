"""The rules of the desk: what may happen to an approval, free of Flask, HTTP and storage."""
