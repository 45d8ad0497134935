#!/usr/bin/env bash
# Builds both images of the Dockerfile without a Docker engine: buildah, on a base made here from Debian packages and a
# Python 3.12 of this machine, under the name of the real base. It proves the Dockerfile, not the real base.
# Wants root and Debian 12. Everything lies in .image/ (or IMAGE_WORK); `make clean` does not touch it.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
W=${IMAGE_WORK:-$here/.image}
BASE=localhost/python:3.12-slim-bookworm
packages="buildah podman runc mmdebstrap uidmap netavark aardvark-dns golang-github-containers-common containernetworking-plugins catatonit"

[ "$(id -u)" = 0 ] || { echo "tests/image/build.sh needs root (it makes a root file system)"; exit 2; }
# shellcheck disable=SC2086
command -v buildah podman runc mmdebstrap >/dev/null || { apt-get update -q && apt-get install -y -q $packages; }
PY=${IMAGE_PYTHON:-$(ls -d "$HOME"/.pyenv/versions/3.12.*/bin/python3.12 2>/dev/null | tail -n 1 || command -v python3.12 || true)}
[ -x "$PY" ] || { echo "a Python 3.12 to put into the base is needed: IMAGE_PYTHON=/path/to/python3.12"; exit 2; }

mkdir -p "$W"
cd "$W"
printf '[storage]\ndriver="overlay"\ngraphroot="%s/store"\nrunroot="%s/run"\n' "$W" "$W" > storage.conf
printf '[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=1024:1024"]\n[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\nruntime="runc"\n' > containers.conf
export CONTAINERS_STORAGE_CONF=$W/storage.conf CONTAINERS_CONF=$W/containers.conf

base_files() {
  rm -rf rootfs rootfs.tar
  mmdebstrap -q --variant=minbase --include=ca-certificates,netbase,tzdata,libsqlite3-0,libssl3,libffi8,libreadline8,libncursesw6,libbz2-1.0,liblzma5,zlib1g,libuuid1,libexpat1 bookworm rootfs.tar
  mkdir rootfs
  tar -C rootfs -xf rootfs.tar --exclude='./dev/*'
  cp -a "$("$PY" -c 'import sys; print(sys.base_prefix)')"/. rootfs/usr/local/
  rm -rf rootfs/usr/local/lib/python3.12/test rootfs/usr/local/lib/python3.12/config-*
  find rootfs/usr/local/lib/python3.12/site-packages -mindepth 1 -maxdepth 1 ! -name 'pip*' -exec rm -rf {} +
  find rootfs/usr/local -name __pycache__ -prune -exec rm -rf {} +
  find rootfs/usr/local/bin -type f ! -name 'python*' -delete
  for name in python python3; do ln -sf python3.12 rootfs/usr/local/bin/$name; done
  chroot rootfs ldconfig
}

base_image() {  # base_image NAME FOLDER
  local made
  made=$(buildah from scratch)
  buildah add -q "$made" "$2" / >/dev/null
  buildah config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin --env LANG=C.UTF-8 --cmd python3 "$made"
  buildah commit -q --rm "$made" "$1" >/dev/null
}

if ! buildah inspect --type image "$BASE" >/dev/null 2>&1; then
  base_files
  base_image "$BASE" rootfs
  # The same without any shell: what stays in the images must not miss it.
  rm -f rootfs/bin/sh rootfs/bin/bash rootfs/bin/dash rootfs/bin/rbash rootfs/usr/bin/perl*
  base_image "$BASE-noshell" rootfs
  rm -rf rootfs rootfs.tar
fi

# What pip needs on a machine with certificates or an index of its own.
cert=${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}
printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' > pip.conf
build() {  # build TARGET TAG RUNTIME
  buildah bud --isolation=chroot --network=host --pull=never --layers --format docker \
    -v "$cert":/etc/ssl/certs/ca-certificates.crt:ro -v "$W/pip.conf":/etc/pip.conf:ro \
    --build-arg RUNTIME_IMAGE="$3" --target "$1" -t "localhost/vatportal-mock:$2" "$here" >"build-$2.log" 2>&1 \
    || { tail -n 40 "build-$2.log"; exit 1; }
}
build server test "$BASE"
build server noshell "$BASE-noshell"
build contract contract "$BASE"
podman images --format '{{.Repository}}:{{.Tag}} {{.Size}}'
