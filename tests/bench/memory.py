"""Private and proportional memory of running processes."""

from collections.abc import Mapping
from pathlib import Path


def of(pid: int) -> tuple[float, float]:
    """Private and proportional memory in MB (proc(5), smaps_rollup)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    kilobytes = {
        key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines)
    }
    private = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return private / 1024, kilobytes["Pss"] / 1024


def table(pids: Mapping[str, int]) -> str:
    """A row for each process and one for all."""
    sizes = {name: of(pid) for name, pid in pids.items()}
    sizes["all together"] = (sum(p for p, _ in sizes.values()), sum(p for _, p in sizes.values()))
    rows = [
        f"| {name} | {private:.1f} | {proportional:.1f} |"
        for name, (private, proportional) in sizes.items()
    ]
    return "\n".join(["| process | private | proportional |", "|-|-:|-:|", *rows])
