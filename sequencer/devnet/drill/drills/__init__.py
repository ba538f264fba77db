"""The drills, one subject a file; each is `async def NAME(scene)` and leaves every node running."""
