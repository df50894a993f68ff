"""The environment variables that mnlab listens to, and what is said of one whose name is nearly so.

A misspelt option is refused; a misspelt variable would be ignored, and a class be graded without its secret, say.
"""

from collections.abc import Iterable

#: What each is for; `docs/using.md` lists them for users.
VARIABLES = {
    "MNLAB_CACHE": "the folder of images, snapshots and runs",
    "MNLAB_CACHE_LIMIT": "how much the runs in it may take up, in MiB",
    "MNLAB_FRESH": "1: take no run from the cache (as --fresh)",
    "MNLAB_IMAGE": "as --image",
    "MNLAB_LABS": "as --labs",
    "MNLAB_MACHINE": "as --machine",
    "MNLAB_ON": "as --on",
    "MNLAB_REMOTE_PYTHON": "the Python on the computers of a cluster",
    "MNLAB_SECRET": "the secret itself, in place of --secret-file",
    "MNLAB_SIGNING_KEY": "the key itself, in place of --key",
    "MNLAB_SSH_CONFIG": "the configuration of ssh for a cluster",
    "MNLAB_USER": "whose labs these are, if not the name you are logged in with",
}


def misspelt(names: Iterable[str]) -> list[str]:
    """A sentence for each of the `names` that is nearly that of a variable above. Others are no concern of mnlab's."""
    odd = sorted(name for name in names if name.upper().startswith("MNLAB") and name not in VARIABLES)
    if not odd:
        return []
    from difflib import get_close_matches  # not at the top: it costs more than the rest
    near = {name: get_close_matches(name.upper(), VARIABLES, n=1, cutoff=0.85) for name in odd}
    return [f"mnlab listens to no variable {name}; is {meant[0]} meant?" for name, meant in near.items() if meant]
