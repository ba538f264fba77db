"""The steps of the demo, one a file; each is `async def run(stage, facts)`."""
