"""What keeps the studio from starting, told in one sentence."""


class LaunchProblem(Exception):
    """The text says what is wrong and what to do; it is all the person sees."""
