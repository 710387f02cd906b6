#!/bin/sh
# Installs doorbell on a Raspberry Pi (Raspberry Pi OS or Debian, bookworm or newer), or updates it.
#   sudo ./install.sh
#   sudo ./install.sh --unlocked     # libraries of other versions than those in lock/, where these do not fit: docs/install.md
# Settings and stored data are kept. If a step fails, mend what it says and run this again: docs/install.md.
set -eu
cd "$(dirname "$0")"

fail() { printf '✗ %s\n  Then run it again: what is done already is kept.\n' "$*" >&2; exit 1; }
say() { printf '✓ %s\n' "$*"; }

case ${1:-} in
  "") ;;
  --unlocked) export UNLOCKED=yes ;;
  *) fail "unknown: $1. It is sudo ./install.sh, or sudo ./install.sh --unlocked" ;;
esac
[ "$(id -u)" = 0 ] || fail "only root can install system services: sudo ./install.sh"
command -v apt-get >/dev/null || fail "this is neither Raspberry Pi OS nor Debian: docs/install.md, By hand"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || fail "Python 3.11 or newer is needed: that is bookworm"

# System packages. The hardware's libraries are those of Raspberry Pi OS; Debian has only some of them.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }; }
export DEBIAN_FRONTEND=noninteractive
apt="-q -o DPkg::Lock::Timeout=300"   # a fresh system may be updating itself
# shellcheck disable=SC2086 # $apt and $packages are lists of words
quietly apt-get $apt update || echo "! the package lists could not be updated: going on with the present ones" >&2
packages="mosquitto mosquitto-clients python3-venv alsa-utils openssl"
[ "$(dpkg --print-architecture)" != armhf ] || packages="$packages ffmpeg"   # PyAV for 32 bit comes without FFmpeg's libraries
for wanted in python3-lgpio python3-picamera2; do
  ! apt-cache show "$wanted" >/dev/null 2>&1 || packages="$packages $wanted"
done
quietly apt-get $apt -y install --no-install-recommends $packages || fail "apt-get cannot install $packages: see above"
say "system packages: $packages"

# The program, in a virtual environment that sees those libraries. A program that is already installed runs on until the
# new one is complete.
present=/opt/doorbell
new=$present.$(date +%Y%m%dT%H%M%S)
[ -L $present ] || [ ! -e $present ] || [ -e $present/pyvenv.cfg ] ||
  fail "$present is a folder that is not ours: move it away, because the program belongs there"
trap 'rm -rf "$log" "$new"' EXIT
quietly python3 -m venv --system-site-packages "$new" || fail "no environment in $new: see above. Is the disk full (df -h)?"
pip() { quietly "$new/bin/python" -m pip install --disable-pip-version-check "$@"; }
# Libraries: the versions and the files that lock/ lists. What has no wheel for this processor is compiled.
library() {
  lock/install "$new/bin/python" "$1" 2>"$log" && return
  status=$?
  if [ $status != 3 ]; then
    quietly apt-get $apt -y install --no-install-recommends build-essential cmake libffi-dev python3-dev swig || true
    lock/install "$new/bin/python" "$1" 2>"$log" && return
    status=$?
  fi
  cat "$log" >&2
  [ $status != 3 ] || fail "a library has another hash than lock/ says: see above"
  return $status
}
for one in tools cffi run; do
  library $one || fail "the program's libraries cannot be installed: see above. Is there a network, and space on the disk? If none is made for this Python or processor: sudo ./install.sh --unlocked"
done
library sound || echo "! the sound library cannot be compiled (see above): going on without" >&2
library gpio || echo "! lgpio cannot be compiled (see above): no button at a GPIO line on this machine" >&2
pip --no-build-isolation --no-deps --no-index . || fail "the program cannot be installed: see above"
# Packages for users' own handlers must not change these versions: this environment's pip obeys the file.
"$new/bin/python" -m pip list --local --format=freeze --disable-pip-version-check \
  --exclude pip --exclude setuptools --exclude wheel --exclude doorbell-hub > "$new/constraints.txt"
printf '[install]\nconstraint = %s/constraints.txt\n' "$new" > "$new/pip.conf"

# It must have everything that the present one has: packages that users installed for their own handlers come along.
if [ -x $present/bin/python ]; then
  has='import sys; from importlib.metadata import version; version(sys.argv[1].partition("==")[0])'
  for one in $($present/bin/python -m pip list --local --not-required --format=freeze --disable-pip-version-check 2>"$log"); do
    "$new/bin/python" -c "$has" "$one" 2>/dev/null || { pip "$one" 2>/dev/null || pip "${one%%==*}"; } ||
      fail "the present program has ${one%%==*}, which cannot be installed into the new one: see above. The present one runs on. If it is not needed: sudo $present/bin/python -m pip uninstall ${one%%==*}"
  done
  for module in av miniaudio lgpio gpiozero picamera2; do
    ! $present/bin/python -c "import $module" 2>/dev/null || quietly "$new/bin/python" -c "import $module" ||
      fail "the new program cannot use $module, but the present one can: see above. The present one runs on"
  done
fi
version=$("$new/bin/doorbell" --version) || fail "the new program does not start: see above"

# Complete on the disk before it takes the place of the present one.
sync
trap 'rm -f "$log"' EXIT
[ -L $present ] || [ ! -e $present ] || mv -T $present "$present.$(date -r $present +%Y%m%dT%H%M%S)"
ln -sfn "$new" $present.new
mv -T $present.new $present
say "program: $present, $version"
$present/bin/python -c 'import picamera2' 2>/dev/null ||
  echo "! no picamera2 on this system: USB and RTSP cameras only, not the Raspberry Pi's camera modules" >&2

$present/bin/doorbell install
for old in $present.[0-9]*T[0-9]*; do
  case $old in
    "$new") ;;
    $present.[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]) rm -rf "$old" ;;
  esac
done
