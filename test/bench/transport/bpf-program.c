// What a tracing program of bcc looks like to the compiler: few lines, and some 900 headers below them.
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/bpf.h>
#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/pci.h>
#include <linux/perf_event.h>
#include <linux/pid_namespace.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/trace_events.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>

struct event {
  u32 pid;
  u64 inode;
  u16 family;
  char name[TASK_COMM_LEN];
};

int on_event(struct task_struct *task, struct file *file, struct sock *sock) {
  struct event event = {
      .pid = task->tgid,
      .inode = file->f_inode->i_ino,
      .family = sock->__sk_common.skc_family,
  };
  return event.pid != 0 && event.inode != 0 && event.family == AF_INET;
}
