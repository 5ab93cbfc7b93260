# shellcheck shell=sh
# Functions are handed on by name.
# shellcheck disable=SC2317
#
# What boot.test.ts runs in the machine once it has booted, as root, in a folder that has `sums` (sha256sum -c) and
# `reader.mjs`. Each check prints `ok NAME` or `not ok NAME`, with what it saw, and how long it took.
unit=ikfs.service
mountpoint=/run/ikfs
release=$(uname -r)

seconds() { cut -d' ' -f1 /proc/uptime; }
# check NAME COMMAND...: COMMAND succeeds; what it says stands below.
check() {
  checked=$1
  shift
  checked_since=$(seconds)
  if "$@" >said 2>&1; then verdict=ok; else verdict='not ok'; fi
  echo "$verdict $checked ($(echo "$checked_since $(seconds)" | awk '{ printf "%.1f", $2 - $1 }') s)"
  sed 's/^/    /' said
}
# within SECONDS COMMAND...: COMMAND succeeds before that.
within() {
  limit=$(($(date +%s) + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$limit" ] || { echo "not in time: $*"; return 1; }
    # What is waited for needs the processor.
    sleep 0.5
  done
}
property() { systemctl show --value --property="$1" "${2:-$unit}"; }
is_mounted() { grep -q " ${1:-$mountpoint} .* fuse.ikfs " /proc/self/mountinfo; }
is_not_mounted() { ! is_mounted "$@"; }
# A mount whose daemon is gone is there and does not answer; one whose daemon hangs would hang this.
answers() { timeout 30 cat "$mountpoint/README" >/dev/null; }
serves() { (cd "$mountpoint/$release" && timeout 240 sha256sum --quiet -c /run/shared/sums && wc -l /run/shared/sums); }
said_since() { journalctl -q -o cat -u "$unit" --since "@$1" | grep -e "$2"; }
processes() {
  # systemd takes the group away with its last process.
  group=$(property ControlGroup)
  if [ -n "$group" ]; then wc -l <"/sys/fs/cgroup$group/cgroup.procs"; else echo 0; fi
}

# --- At boot

at_boot() {
  systemctl is-active "$unit" && is_mounted && answers || return 1
  boot=$(property ActiveEnterTimestampMonotonic)
  start=$(property InactiveExitTimestampMonotonic)
  echo "started $((start / 1000)) ms after the kernel, active $(((boot - start) / 1000)) ms later"
  systemctl --failed --no-legend
  [ "$(systemctl --failed --no-legend | wc -l)" = 0 ]
}
check 'starts at boot, and is ready' at_boot
check 'serves the right bytes' serves
others() { setpriv --reuid 65534 --regid 65534 --clear-groups cat "$mountpoint/$release/version"; }
check 'is there for other users' others
alone() {
  stat -c '%n %a %U' /var/cache/ikfs /run/ikfs
  [ "$(stat -c %a /var/cache/ikfs)" = 700 ] && systemd-analyze verify "$unit" ikfs@mnt-device.service &&
    grep -E '^(VmRSS|Threads|Seccomp_filters):' "/proc/$(property MainPID)/status"
}
check 'has its folders and its limits' alone
# What stands in status.json for it where this kernel has it, which the corpus' has not.
landlock() { grep -qs landlock /sys/kernel/security/lsm && echo landlock; }
fenced() {
  [ -n "$(landlock)" ] || echo 'this kernel has no Landlock, so that is not looked at'
  status=/proc/$(property MainPID)/status
  parts=$(tr -d ' \n' <"$mountpoint/status.json" | grep -o '"fence":[^]]*]')
  echo "$parts"
  grep -E '^(CapPrm|CapEff|CapBnd|NoNewPrivs|Seccomp):' "$status"
  group=/sys/fs/cgroup$(property ControlGroup)
  keeper=$(sed 's,.*,/proc/&/comm,' "$group/cgroup.procs" | xargs grep -lx ikfs-keeper) || return 1
  # CAP_DAC_READ_SEARCH and CAP_SYS_NICE, and no way to more. The keeper has what the unit leaves it.
  [ "$(grep -cE '^Cap(Prm|Eff|Bnd):.0000000000800004$' "$status")" = 3 ] && grep -q '^NoNewPrivs:.1' "$status" &&
    echo "$parts" | grep -q "capabilities.*no-new-privileges.*$(landlock).*seccomp" && grep CapEff "${keeper%comm}status"
}
check 'is fenced in, and has a keeper' fenced

# --- While others read

# Readers until the file `enough` is there; each leaves a line. This machine is slow, so others go before them.
load() {
  rm -f enough
  grep -v -e vmlinux -e kheaders.tar sums >few
  for reader in 1 2; do
    nice -n 5 node reader.mjs "$mountpoint/$release" few enough >"reader-$reader" 2>&1 &
  done
  within 120 test -s reader-1 && within 120 test -s reader-2
}
relief() {
  touch enough
  wait
  cat reader-1 reader-2
  # Never wrong bytes; and after whatever happened, right ones.
  [ "$(cat reader-1 reader-2 | grep -c '"wrong":0,.*"last":"read"')" = 2 ]
}
reloaded() {
  pid=$(property MainPID)
  now=$(date +%s)
  systemctl reload "$unit" && within 120 said_since "$now" 'looked again' || return 1
  [ "$(property MainPID)" = "$pid" ] && answers
}
under_load() {
  load || return 1
  "$@"
  result=$?
  relief && [ "$result" = 0 ]
}
check 'reloads' under_load reloaded
no_errors() { [ "$(cat reader-1 reader-2 | grep -c '"errors":{}')" = 2 ]; }
check 'no reader noticed the reload' no_errors

restarted() {
  for time in 1 2; do
    begun=$(seconds)
    systemctl restart "$unit" && answers || return 1
    echo "restart $time: $(echo "$begun $(seconds)" | awk '{ printf "%.1f", $2 - $1 }') s"
  done
  [ "$(grep -c " $mountpoint " /proc/self/mountinfo)" = 1 ] && serves
}
check 'survives systemctl restart under load' under_load restarted

killed() {
  pid=$(property MainPID)
  count=$(property NRestarts)
  systemctl kill --signal=KILL --kill-who=main "$unit"
  is_back() { [ "$(property NRestarts)" -gt "$count" ] && systemctl is-active "$unit" && answers; }
  begun=$(seconds)
  within 120 is_back || return 1
  echo "back after $(echo "$begun $(seconds)" | awk '{ printf "%.1f", $2 - $1 }') s"
  [ "$(property MainPID)" != "$pid" ] && [ "$(grep -c " $mountpoint " /proc/self/mountinfo)" = 1 ] && serves
}
check 'survives kill -9 under load' under_load killed

# --- A disk that is full

full_disk() {
  systemctl stop "$unit"
  mount /dev/vdb /var/cache/ikfs && chmod 700 /var/cache/ikfs || return 1
  cat /dev/zero >/var/cache/ikfs/filler 2>/dev/null
  df --output=avail /var/cache/ikfs
  now=$(date +%s)
  systemctl start "$unit" && serves && said_since "$now" 'in memory'
}
check 'serves with a full disk, and says so' full_disk
emptied() {
  rm /var/cache/ikfs/filler
  systemctl restart "$unit" && serves && find /var/cache/ikfs -type f | grep -q .
}
check 'uses the disk when there is room again' emptied

# --- At the end

stopped() {
  systemctl stop "$unit"
  echo "$(property ActiveState), result $(property Result), $(processes) processes"
  is_not_mounted && [ "$(property ActiveState)" = inactive ] && [ "$(processes)" = 0 ]
}
check 'stop leaves no mount' stopped
stopped_busy() {
  systemctl start "$unit" || return 1
  (cd "$mountpoint/$release" && exec 3<version && exec tail -f /dev/null) &
  busy=$!
  within 60 test -e "/proc/$busy/fd/3"
  stopped
  result=$?
  kill "$busy"
  umount /var/cache/ikfs || mount | grep /var/cache
  return "$result"
}
check 'stop leaves no mount, although somebody is in it' stopped_busy
# drop_in TEXT: adds to the unit what printf makes of TEXT.
drop_in() {
  mkdir -p "/run/systemd/system/$unit.d"
  # shellcheck disable=SC2059
  printf "$1" >"/run/systemd/system/$unit.d/checks.conf"
  systemctl daemon-reload
}
no_drop_in() {
  rm -r "/run/systemd/system/$unit.d"
  systemctl daemon-reload
}
given_up() {
  drop_in '[Unit]\nStartLimitBurst=1\n'
  systemctl reset-failed "$unit"
  systemctl start "$unit" && systemctl kill --signal=KILL --kill-who=main "$unit"
  is_failed() { [ "$(systemctl is-failed "$unit")" = failed ]; }
  within 120 is_failed && within 120 is_not_mounted
  result=$?
  no_drop_in
  systemctl reset-failed "$unit"
  return "$result"
}
check 'who is given up leaves no mount' given_up
misled() {
  echo 'IKFS_OPTIONS="--no-such-option"' >/etc/default/ikfs
  ! systemctl start "$unit" || return 1
  is_failed() { [ "$(systemctl is-failed "$unit")" = failed ]; }
  within 60 is_failed && is_not_mounted && [ "$(property NRestarts)" = 0 ]
  result=$?
  echo 'IKFS_OPTIONS=' >/etc/default/ikfs
  systemctl reset-failed "$unit"
  return "$result"
}
check 'a wrong option fails once, and for good' misled

# --- Others

another_root() {
  mkdir -p /mnt/de-vice/lib && cp -r /boot /mnt/de-vice/boot || return 1
  name=$(systemd-escape --template=ikfs@.service --path /mnt/de-vice)
  systemctl start "$name" && cat "/run/${name%.service}/$release/version" || return 1
  systemctl stop "$name"
  is_not_mounted "/run/${name%.service}" && ! grep fuse.ikfs /proc/self/mountinfo
}
check 'ikfs@.service serves another root' another_root
served_below() { [ "$(sha256sum <"$1/$release/btf/vmlinux")" = "$(sha256sum </sys/kernel/btf/vmlinux)" ]; }
is_gone() { ! grep -lsa "mount.*$1" /proc/[0-9]*/cmdline; }
by_mount() {
  mkdir -p /mnt/by-mount
  mount -t ikfs ikfs /mnt/by-mount -o "release=$release,no-cache,noexec,nofail,x-test=1" || return 1
  grep /mnt/by-mount /proc/self/mountinfo
  grep -q '/mnt/by-mount .*noexec' /proc/self/mountinfo && served_below /mnt/by-mount || return 1
  # What is read ahead of others keeps it busy for a while.
  within 120 umount /mnt/by-mount && within 120 is_gone /mnt/by-mount || return 1
  echo '/boot/vmlinuz-'"$release"' /mnt/by-mount ikfs no-cache 0 0' >>/etc/fstab
  mount /mnt/by-mount && cat "/mnt/by-mount/$release/version" && within 120 umount /mnt/by-mount || return 1
  ! mount -t ikfs ikfs /mnt/by-mount -o no-such-word
}
check 'mount -t ikfs, and a line in fstab' by_mount
by_automount() {
  cp /usr/lib/node_modules/ikfs/systemd/examples/* /etc/systemd/system/
  systemctl daemon-reload
  systemctl start run-ikfs.automount && is_not_mounted || return 1
  begun=$(seconds)
  timeout 120 ls "$mountpoint" && is_mounted || return 1
  echo "the first look takes $(echo "$begun $(seconds)" | awk '{ printf "%.1f", $2 - $1 }') s"
  served_below "$mountpoint" || return 1
  systemctl status --no-pager run-ikfs.mount
  systemctl stop run-ikfs.automount run-ikfs.mount
  is_not_mounted && within 120 is_gone "$mountpoint"
}
check 'the example of an automount' by_automount
# To be called with a file open, as otherwise the mount may go before its daemon is killed.
served_until_killed() {
  group=/sys/fs/cgroup$(property ControlGroup mnt-automount.mount)
  daemon=$(sed 's,.*,/proc/&/comm,' "$group/cgroup.procs" | xargs grep -lx node) || return 1
  daemon=${daemon%/comm}
  is_mounted "$1" && kill -KILL "${daemon#/proc/}"
}
by_fstab_automount() {
  place=/mnt/automount
  mkdir -p "$place"
  echo "ikfs $place ikfs noauto,nofail,x-systemd.automount,x-systemd.idle-timeout=5s,x-systemd.mount-timeout=3min 0 0" >>/etc/fstab
  systemctl daemon-reload
  systemctl start mnt-automount.automount && is_not_mounted "$place" && served_below "$place" || return 1
  # Left alone it goes, and does not bring itself back.
  within 120 is_not_mounted "$place" && within 120 is_gone "$place" && is_not_mounted "$place" || return 1
  served_until_killed "$place" 3<"$place/README" || return 1
  within 60 is_not_mounted "$place" && served_below "$place" || return 1
  systemctl stop mnt-automount.automount mnt-automount.mount
  is_not_mounted "$place" && within 120 is_gone "$place"
}
check 'an automount by fstab' by_fstab_automount
uninstalled() {
  rm /etc/systemd/system/run-ikfs.*
  systemctl start "$unit"
  node /usr/lib/node_modules/ikfs/dist/daemon/install-service.js --uninstall
  is_not_mounted || return 1
  ! find /etc /usr/local /sbin/ /run/systemd/system -name '*ikfs*' | grep -v /etc/default/ikfs
}
check 'uninstall-service leaves nothing' uninstalled
echo '--- journal'
journalctl --no-pager -o short-monotonic -u 'ikfs*' -u 'run-ikfs*'
echo '--- kernel'
journalctl --no-pager -k -p warning -o short-monotonic | tail -n 20
