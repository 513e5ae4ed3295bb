#!/usr/bin/env bash
# Provides the six servers that the tests compare with, side by side, without touching the system's packages.
#
#   scripts/get-servers.sh [DIR] [NAME...]
#
# DIR is where they go (default: $AOFKIT_SERVERS, or ~/.cache/persistence-servers). NAME is one of redis-6.0 redis-7.0 redis-8.0
# redis-8.6 valkey-8.1 valkey-9.1 (default: all). DIR/NAME/bin then holds redis-server, redis-cli, redis-check-aof, redis-check-rdb
# and redis-benchmark, or their valkey- counterparts. A server that is there and answers is left as it is.
#
# The programs are Debian's packages of several suites, fetched with apt into a state folder below DIR and unpacked with dpkg. Each
# runs with the shared libraries of its own suite through that suite's dynamic loader, so the machine's own libraries do not matter.
# Exit status 1 when a wanted server could not be provided.
set -euo pipefail

base=${1:-${AOFKIT_SERVERS:-$HOME/.cache/persistence-servers}}
[[ $# -eq 0 ]] || shift
all=(redis-6.0 redis-7.0 redis-8.0 redis-8.6 valkey-8.1 valkey-9.1)
names=("${@:-${all[@]}}")
mkdir -p "$base"
base=$(cd "$base" && pwd)

# The suite that has a server's package, and the suite whose libraries it runs with.
suite_of() {
  case $1 in
    redis-6.0) echo bullseye ;;
    redis-7.0) echo bookworm ;;
    redis-8.0 | valkey-8.1) echo trixie ;;
    redis-8.6) echo experimental ;;
    valkey-9.1) echo sid ;;
    *) echo "get-servers: no server is called $1" >&2; return 1 ;;
  esac
}
libraries_of() {
  case $1 in
    bullseye | bookworm) echo "$1" ;;
    *) echo sid ;;
  esac
}

answers() {
  "$base/$1/bin/${1%%-*}-server" --version 2>/dev/null | grep -q 'v=[0-9]'
}

# Writes apt's configuration for all suites into DIR/.apt and refreshes its package lists.
prepare_apt() {
  local mirror keys=/usr/share/keyrings/debian-archive-keyring.gpg suite
  mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -n 1 | tr -d ' ' || true)
  [[ -n $mirror ]] || { echo "get-servers: apt has no Debian mirror configured on this machine" >&2; exit 1; }
  mkdir -p "$base"/.apt/{etc,state/lists/partial,cache/archives/partial}
  : >"$base/.apt/status"
  for suite in bullseye bookworm trixie sid experimental; do
    # The keyring of an older machine lacks the keys of newer suites.
    echo "deb [signed-by=$keys trusted=yes] $mirror $suite main"
  done >"$base/.apt/etc/sources.list"
  apt=(apt-get -qq -o "Dir::Etc::sourcelist=$base/.apt/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State=$base/.apt/state" -o "Dir::State::status=$base/.apt/status" -o "Dir::Cache=$base/.apt/cache"
    -o APT::Sandbox::User=root -o Acquire::Retries=3)
  "${apt[@]}" update
}

# unpack FOLDER PACKAGE/SUITE...
unpack() {
  local folder=$1 downloads package
  shift
  downloads=$(mktemp -d)
  mkdir -p "$folder"
  (cd "$downloads" && "${apt[@]}" download "$@")
  for package in "$downloads"/*.deb; do dpkg -x "$package" "$folder"; done
  rm -rf "$downloads"
}

provide_libraries() {
  local suite=$1 own shared
  [[ ! -d $base/.lib/$suite ]] || return 0
  shared=(libc6 libjemalloc2 libstdc++6 libsystemd0 libatomic1 libgcc-s1 libcap2 zlib1g libzstd1 liblzma5 liblz4-1 libgcrypt20
    libgpg-error0 liblua5.1-0 lua-cjson lua-bitop liblzf1)
  case $suite in
    bullseye) own=(libhiredis0.14 libssl1.1) ;;
    bookworm) own=(libhiredis0.14 libssl3) ;;
    *) own=(libhiredis1.1.0 libssl3t64) ;;
  esac
  shared+=("${own[@]}")
  rm -rf "$base/.lib/$suite.part"
  unpack "$base/.lib/$suite.part" "${shared[@]/%//$suite}"
  mv "$base/.lib/$suite.part" "$base/.lib/$suite"
}

provide_server() {
  local name=$1 product=${1%%-*} suite libraries part loader path tool file
  suite=$(suite_of "$name")
  libraries=$(libraries_of "$suite")
  provide_libraries "$libraries"
  part=$base/$name.part
  rm -rf "$part"
  unpack "$part/root" "$product-tools/$suite"
  mkdir -p "$part/bin" "$part/exe"
  loader=$(find "$base/.lib/$libraries" \( -name 'ld-linux-*.so.*' -o -name 'ld-[0-9]*.so' \) | sort | head -n 1)
  path=$(find "$base/.lib/$libraries" -type d -path '*/lib/*-linux-gnu' | paste -sd:)
  for tool in server cli check-aof check-rdb benchmark; do
    file=$part/root/usr/bin/$product-$tool
    # Server, check-aof and check-rdb are one program, which acts by the name that it is called by; the tools' package has it.
    [[ $tool != server ]] || file=$part/root/usr/bin/$product-check-rdb
    [[ -e $file ]] || continue
    cp -L "$file" "$part/exe/$product-$tool"
    printf '#!/bin/sh\nexec %q --library-path %q %q "$@"\n' "$loader" "$path" "$base/$name/exe/$product-$tool" >"$part/bin/$product-$tool"
    chmod +x "$part/bin/$product-$tool"
  done
  rm -rf "$part/root" "${base:?}/$name"
  mv "$part" "$base/$name"
}

apt=()
for name in "${names[@]}"; do
  suite_of "$name" >/dev/null
  answers "$name" && continue
  [[ ${#apt[@]} -gt 0 ]] || prepare_apt
  provide_server "$name"
done

failed=0
for name in "${names[@]}"; do
  if answers "$name"; then
    echo "$base/$name/bin $("$base/$name/bin/${name%%-*}-server" --version | grep -oE 'v=[0-9.]+')"
  else
    echo "$base/$name/bin could not be provided" >&2
    failed=1
  fi
done
exit $failed
