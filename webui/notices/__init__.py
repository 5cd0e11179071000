"""People are told that something waits: who, where, when and in which words.

Notices are made out of the log beside deliveries (`outbox/fanning.py`), so that none is lost
or invented, and go out by `channels/messenger.py`. What a page must not show, no notice holds.
"""
