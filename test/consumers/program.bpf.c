/* A CO-RE program, as its author writes it: all types are the kernel's own. */
#include <vmlinux.h>

#define SEC(name) __attribute__((section(name), used))
#define read(from, member) __builtin_preserve_access_index(&(from)->member)

static long (*const probe_read_kernel)(void *to, __u32 size, const void *from) = (void *)113;
static void *(*const get_current_task)(void) = (void *)35;

char LICENSE[] SEC("license") = "GPL";
int parent_pid = 0;

SEC("tracepoint/sched/sched_process_exec")
int on_exec(void *context)
{
	struct task_struct *task = get_current_task();
	struct task_struct *parent = 0;

	probe_read_kernel(&parent, sizeof(parent), read(task, real_parent));
	probe_read_kernel(&parent_pid, sizeof(parent_pid), read(parent, tgid));
	return 0;
}
