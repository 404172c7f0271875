"""How large the campaigns of seeded cases are: a sample in `make test`, all of it in `make soak`."""

import os
import random
from dataclasses import dataclass

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
SEED = "CAMPAIGN_SEED"


@dataclass(frozen=True, slots=True)
class Campaign:
    """``seed`` is the same in every run, but new in each soak, unless CAMPAIGN_SEED names it."""

    is_whole: bool
    seed: int

    def size(self, sample: int, whole: int) -> int:
        return whole if self.is_whole else sample


def campaign_of_this_run() -> Campaign:
    is_whole = PROFILE == "soak"
    fallback = random.SystemRandom().randrange(2**32) if is_whole else 1
    return Campaign(is_whole, int(os.environ.get(SEED, fallback)))


CAMPAIGN = campaign_of_this_run()
