#!/bin/busybox sh
# The first process of the virtual machine of machine.ts: makes a root of the host's that can be written to, runs
# one script in it, leaves the script's exit status behind and restarts, which ends the machine.
# Kernel command line: see machine.ts.

fail() {
  echo "init: $*"
  reboot -f
}

# A file system of the host, shared by qemu under a tag.
share() {
  mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" "$1" "$2" || fail "no share $1"
}

/bin/busybox mkdir -p /proc /sys /dev /host /writable /root /applets
/bin/busybox --install /applets
export PATH=/applets
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
share host /host ro,cache=loose
for word in $(cat /proc/cmdline); do
  case $word in machine.*) export "${word#machine.}" ;; esac
done

# overlay is a module; it is brought along in the initramfs.
insmod /overlay.ko || fail 'no overlay file system'
mount -t tmpfs tmpfs /writable
mkdir /writable/upper /writable/work
mount -t overlay -o lowerdir=/host,upperdir=/writable/upper,workdir=/writable/work overlay /root || fail 'no root'

cd /root || fail 'no root'
# What the host keeps in these is its own and changes while the machine runs.
for folder in tmp run var/cache; do
  mkdir -p "$folder" && mount -t tmpfs tmpfs "$folder"
done
mkdir -p proc sys dev boot "lib/modules/$release"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t devtmpfs devtmpfs dev
mkdir -p dev/pts dev/shm
mount -t devpts devpts dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t bpf bpf sys/fs/bpf
mount -t debugfs debugfs sys/kernel/debug
mount -t tracefs tracefs sys/kernel/tracing

mkdir run/applets run/machine run/shared
mount --bind /applets run/applets
share machine /root/run/machine rw,cache=none
share shared /root/run/shared rw,cache=none
# The kernel that runs is the one that is installed.
kernel=$(cat run/machine/kernel)
mount --bind "/host$kernel/boot" boot || fail "no $kernel/boot"
mount --bind "/host$kernel/lib/modules/$release" "lib/modules/$release" || fail "no modules of $release"
ip link set lo up

# Whatever becomes of the host's side: this machine ends.
(sleep "$deadline" && echo 'init: out of time' && reboot -f) &

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/applets HOME=/root \
  chroot /root /bin/sh -c 'cd /run/shared && exec /bin/sh /run/machine/script' \
  </dev/null >run/machine/output 2>run/machine/complaints
echo $? >run/machine/status
reboot -f
