# Real events, traced by programs of Debian that compile against a kernel's headers, where these are nowhere but in
# kheaders.ko; or where they are nowhere at all and are made from BTF. Run in the machine of machine.ts, by tracing.test.ts,
# which puts the command into $ikfs and `build` or `bpf-headers` into $headers.
# It prints "ok NAME: ..." or "FAILED NAME: ..." for each of its checks.
release=$(uname -r)
export PYTHONUNBUFFERED=1
# Without the applets: bcc would load kheaders.ko by modprobe, and unpack what it shows.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
busybox=/run/applets/busybox
[ -x "$busybox" ] || busybox=busybox

# expect NAME PATTERN FILE PID COMMAND...: makes an event by a command, again and again, until FILE has a line of it.
expect() {
  name=$1 pattern=$2 file=$3 pid=$4
  shift 4
  # The first line tells that it is attached. Until then all of the machine is for its compiling.
  tries=0
  while [ ! -s "$file" ] && kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 900 ]; do
    tries=$((tries + 1))
    "$busybox" sleep 1
  done
  tries=0
  until grep -q -- "$pattern" "$file"; do
    "$@" >/dev/null 2>&1
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$pid" 2>/dev/null; then
      echo "FAILED $name: $(tail -n 3 "$file" "$file.err" | tr '\n' ' ')"
      return
    fi
    "$busybox" usleep 300000
  done
  echo "ok $name: $(grep -m 1 -- "$pattern" "$file")"
}

# trace NAME PATTERN TRACER... -- COMMAND...: runs a tracer while a command makes the event that it is to print.
trace() {
  name=$1 pattern=$2 tracer=
  shift 2
  while [ "$1" != -- ]; do
    tracer="$tracer '$1'"
    shift
  done
  shift
  : >"$name.out"
  : >"$name.out.err"
  eval "exec $tracer" >"$name.out" 2>"$name.out.err" &
  tracing=$!
  expect "$name" "$pattern" "$name.out" "$tracing" "$@"
  # A shell has what it leaves in the background ignore SIGINT.
  kill "$tracing" 2>/dev/null
  wait "$tracing" 2>/dev/null
}

# The archive is the only module there.
[ "$headers" = build ] || "$busybox" mount -t tmpfs none "/lib/modules/$release/kernel/kernel"
[ -n "$(find "/lib/modules/$release/" -name 'kheaders.ko*')" ] && archive=there || archive=taken
echo "archive $archive"

[ -e /sys/kernel/kheaders.tar.xz ] && echo "FAILED: the kernel shows its headers by itself"
[ -e "/lib/modules/$release/build" ] && echo "FAILED: there is a link to the headers"

if timeout 300 execsnoop-bpfcc >without.out 2>&1; then echo "FAILED without: execsnoop ran"; fi
if grep -q 'Unable to find kernel headers' without.out; then echo "ok without: $(grep -m 1 'Unable' without.out)"; else
  echo "FAILED without: $(tail -n 3 without.out | tr '\n' ' ')"
fi

# What the first lines of a mount say goes to the log.
$ikfs mount /run/ikfs --background >mount.out 2>&1 || echo "FAILED mount: $(cat mount.out)"
eval "$($ikfs env)"
echo "headers $BCC_KERNEL_SOURCE"
[ "$BPFTRACE_KERNEL_SOURCE" = "$BCC_KERNEL_SOURCE" ] || echo 'FAILED: bpftrace is led elsewhere'

[ -e /sys/module/loop ] || "$busybox" insmod "$(find "/lib/modules/$release" -name 'loop.ko*')"
dd if=/dev/zero of=disk bs=1M count=4 2>/dev/null
cp disk /tmp/disk
loop=$("$busybox" losetup -f)
"$busybox" losetup "$loop" /tmp/disk

# What biosnoop wants to probe may be inlined, and then nothing can, whatever the headers: it probes what calls it.
if ! grep -q ' [tT] _*blk_account_io_start$' /proc/kallsyms; then
  mkdir tools
  sed -e 's/event="blk_account_io_start"/event="blk_mq_sched_insert_request"/' \
    -e 's/event="blk_account_io_done"/event="blk_mq_end_request"/' "$(command -v biosnoop-bpfcc)" >tools/biosnoop-bpfcc
  chmod +x tools/biosnoop-bpfcc
  PATH=$PWD/tools:$PATH
  # Only where there is a scheduler, the process that asks inserts its request.
  echo mq-deadline >"/sys/block/${loop#/dev/}/queue/scheduler" || echo 'FAILED scheduler'
  echo 'note biosnoop: this kernel has no blk_account_io_start and blk_account_io_done to probe; it probes their callers'
fi

trace execsnoop '^true .* /bin/true --of-ikfs' execsnoop-bpfcc -- /bin/true --of-ikfs
trace opensnoop '/etc/os-release' opensnoop-bpfcc -- cat /etc/os-release
trace tcpconnect ' 127.0.0.1 .* 9 *$' tcpconnect-bpfcc -- bash -c ': </dev/tcp/127.0.0.1/9'
trace biosnoop "${loop#/dev/} .* R " biosnoop-bpfcc -- dd "if=$loop" of=/dev/null bs=4096 count=1 iflag=direct
cat >comm.bt <<'END'
#include <linux/sched.h>
kprobe:do_nanosleep { printf("comm %s\n", ((struct task_struct *)curtask)->comm); }
END
trace bpftrace '^comm sleep$' bpftrace comm.bt -- sleep 0.1

$ikfs unmount /run/ikfs || echo 'FAILED unmount'
echo 'the end'
