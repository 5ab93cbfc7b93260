import test from 'ava';
import { statSync } from 'node:fs';
import { NamesData, namesData, namesFile } from '../../src/bpf-headers/names-data.ts';
import { headerNames } from '../../src/bpf-headers/names.ts';
import type { HeaderNames } from '../../src/bpf-headers/names.ts';
import { IkfsError } from '../../src/errors.ts';
import { namesText, packedNames } from './encode-names.ts';

function names(series: string): HeaderNames {
  const found = headerNames(series);
  if (!found) throw new Error(`no names of ${series}`);
  return found;
}

test('headerNames: a release has the names of its series', (t) => {
  t.is(names('6.1.0-56-cloud-amd64').series, '6.1');
  t.is(names('6.12.117+deb12-amd64').series, '6.12');
  t.is(names('5.10').series, '5.10');
});

test('headerNames: what is older or newer than all that is known has the names of the oldest or newest', (t) => {
  t.is(names('4.19.0-27-amd64').series, '5.10');
  t.is(names('5.4').series, '5.10');
  t.is(names('99.0').series, namesData().series.at(-1) ?? '');
});

test('headerNames: what is no release has no names', (t) => {
  for (const text of ['', 'linux', '6', 'v6.1']) t.is(headerNames(text), undefined, text);
});

test('headerNames: a series in between has what the one before or the one after it has', (t) => {
  const [before, between, after] = [names('6.1'), names('6.6'), names('6.12')];
  t.is(between.series, '6.1+6.12');
  t.deepEqual([...between.paths()], [...new Set([...before.paths(), ...after.paths()])].sort());
  // It has moved from one to the other.
  t.deepEqual(
    [before.has('include/asm-generic/unaligned.h'), after.has('include/asm-generic/unaligned.h')],
    [true, false],
  );
  t.deepEqual(
    [before.has('include/linux/unaligned.h'), after.has('include/linux/unaligned.h')],
    [false, true],
  );
  t.true(between.has('include/asm-generic/unaligned.h') && between.has('include/linux/unaligned.h'));
  const { tags } = between.declares('include/linux/sched.h');
  for (const of of [before, after]) {
    for (const tag of of.declares('include/linux/sched.h').tags) t.true(tags.includes(tag), tag);
  }
});

test('headerNames: a path that no series has declares nothing', (t) => {
  const known = names('6.1');
  t.false(known.has('include/linux/no-such-header.h'));
  t.deepEqual(known.declares('include/linux/no-such-header.h'), { tags: [], typedefs: [], enums: [] });
  t.false(known.has('include/linux/unaligned.h'), 'it came later');
  t.deepEqual(known.declares('include/linux/unaligned.h'), { tags: [], typedefs: [], enums: [] });
});

/** What headers are known for, as people use it in programs; of the small ones everything. */
const wellKnown: readonly (readonly [path: string, tags: string, typedefs: string, complete?: 'complete'])[] =
  [
    ['include/linux/sched.h', 'task_struct sched_entity sched_info', ''],
    ['include/linux/fs.h', 'file inode super_block address_space file_operations kiocb', 'fl_owner_t'],
    ['include/linux/mm_types.h', 'mm_struct vm_area_struct page folio', 'vm_fault_t'],
    ['include/linux/dcache.h', 'dentry qstr', ''],
    ['include/linux/path.h', 'path', '', 'complete'],
    ['include/linux/mount.h', 'vfsmount', ''],
    ['include/linux/nsproxy.h', 'nsproxy', ''],
    ['include/linux/bio.h', 'bio_list', ''],
    ['include/linux/blk_types.h', 'bio block_device req_op', 'blk_status_t blk_opf_t'],
    ['include/linux/blkdev.h', 'gendisk request_queue block_device_operations', 'report_zones_cb'],
    ['include/linux/blk-mq.h', 'request blk_mq_hw_ctx', 'rq_end_io_fn'],
    ['include/linux/skbuff.h', 'sk_buff sk_buff_head sk_buff_list skb_shared_info', 'sk_buff_data_t'],
    ['include/linux/netdevice.h', 'net_device napi_struct net_device_ops', 'netdev_tx_t rx_handler_func_t'],
    ['include/linux/tcp.h', 'tcp_sock tcp_request_sock tcp_timewait_sock', ''],
    ['include/linux/socket.h', 'msghdr sockaddr ucred linger', 'sa_family_t'],
    ['include/linux/ns_common.h', 'ns_common', '', 'complete'],
    ['include/linux/pid_namespace.h', 'pid_namespace', ''],
    ['include/linux/interrupt.h', 'irqaction softirq_action', 'irq_handler_t'],
    ['include/linux/list_lru.h', 'list_lru', 'list_lru_walk_cb'],
    ['include/linux/types.h', 'list_head hlist_node callback_head', 'size_t dev_t sector_t atomic_t umode_t'],
    ['include/net/sock.h', 'sock sock_common proto', 'socket_lock_t'],
    ['include/net/inet_sock.h', 'inet_sock ip_options inet_request_sock', ''],
    ['include/net/net_namespace.h', 'net', 'possible_net_t'],
    ['include/net/ipv6.h', 'ip6_flowlabel', ''],
    ['include/uapi/linux/bpf.h', 'bpf_attr bpf_insn __sk_buff bpf_map_type xdp_md', ''],
    ['include/uapi/linux/bpf_perf_event.h', 'bpf_perf_event_data', '', 'complete'],
    ['include/uapi/linux/in.h', 'in_addr sockaddr_in ip_mreq', ''],
    ['include/uapi/linux/in6.h', 'in6_addr sockaddr_in6 ipv6_mreq', ''],
    ['include/uapi/linux/ip.h', 'iphdr ip_auth_hdr', ''],
    ['include/uapi/linux/tcp.h', 'tcphdr tcp_info', ''],
    ['include/uapi/linux/if_ether.h', 'ethhdr', '', 'complete'],
    ['include/uapi/linux/ptrace.h', 'ptrace_peeksiginfo_args', ''],
    ['include/uapi/linux/utsname.h', 'new_utsname old_utsname oldold_utsname', '', 'complete'],
    ['arch/x86/include/asm/ptrace.h', 'pt_regs', ''],
    ['arch/x86/include/asm/page_64_types.h', '', ''],
    ['arch/arm64/include/asm/ptrace.h', 'pt_regs', ''],
    ['arch/arm64/include/uapi/asm/ptrace.h', 'user_pt_regs user_fpsimd_state', ''],
    ['arch/s390/include/asm/ptrace.h', 'pt_regs', ''],
    ['arch/powerpc/include/asm/ptrace.h', 'pt_regs', ''],
    ['arch/riscv/include/asm/ptrace.h', 'pt_regs', ''],
    ['arch/mips/include/asm/ptrace.h', 'pt_regs', ''],
    ['arch/arm/include/asm/ptrace.h', 'pt_regs', ''],
  ];

test('headerNames: well-known headers declare what they are known for', (t) => {
  const known = names('6.1');
  const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
  for (const [path, tags, typedefs, complete] of wellKnown) {
    t.true(known.has(path), path);
    const declared = known.declares(path);
    if (complete) t.deepEqual(declared.tags, words(tags).sort(), path);
    for (const tag of words(tags)) t.true(declared.tags.includes(tag), `${path}: ${tag}`);
    for (const name of words(typedefs)) t.true(declared.typedefs.includes(name), `${path}: ${name}`);
  }
});

test('headerNames: a header does not declare what it only includes, names or hides', (t) => {
  const known = names('6.1');
  const declaredSomewhere = new Set<string>();
  for (const path of known.paths()) for (const tag of known.declares(path).tags) declaredSomewhere.add(tag);
  t.false(known.declares('include/linux/sched.h').tags.includes('list_head'));
  t.false(known.declares('include/linux/fs.h').tags.includes('dentry'));
  t.false(known.declares('include/uapi/linux/tcp.h').tags.includes('tcp_sock'));
  // Private to kernel/, fs/ and block/, whether or not a header has an empty one in its place.
  for (const tag of ['rq', 'cfs_rq', 'mount', 'seccomp_filter', 'bfq_data', 'mnt_namespace']) {
    t.false(declaredSomewhere.has(tag), tag);
  }
});

test('headerNames: enums without a tag are known by their first constant', (t) => {
  t.true(names('6.1').declares('include/net/tcp_states.h').enums.includes('TCP_ESTABLISHED'));
  t.true(names('6.12').declares('include/uapi/linux/bpf.h').enums.includes('BPF_F_RECOMPUTE_CSUM'));
});

test('headerNames: headers that only a build makes are known', (t) => {
  for (const series of namesData().series) {
    const known = names(series);
    for (const path of [
      'include/generated/autoconf.h',
      'include/generated/uapi/linux/version.h',
      'arch/x86/include/generated/asm/syscalls_64.h',
      'arch/x86/include/generated/uapi/asm/types.h',
      'arch/arm64/include/generated/uapi/asm/errno.h',
      'arch/s390/include/generated/asm/facility-defs.h',
    ]) {
      t.true(known.has(path), `${series} ${path}`);
    }
    t.false(known.has('arch/x86/include/generated/asm/atomic.h'), 'x86 has its own');
  }
});

test('the names of all series take less than 300 KB', (t) => {
  t.true(statSync(namesFile).size < 300_000);
});

test('NamesData: reads what was written, each series for itself', (t) => {
  const text = namesText([
    { series: '1.0', origin: 'one', headers: new Map([['a/b.h', [['t', 'u'], ['v'], []]]]) },
    {
      series: '1.1',
      origin: 'other',
      headers: new Map([
        ['a/bc.h', [[], [], ['E']]],
        ['a/b.h', [['t', 'w'], [], ['E']]],
      ]),
    },
  ]);
  const data = new NamesData(packedNames(text));
  t.deepEqual(
    [data.series, data.origins],
    [
      ['1.0', '1.1'],
      ['one', 'other'],
    ],
  );
  t.deepEqual([[...data.paths(1)], [...data.paths(2)]], [['a/b.h'], ['a/b.h', 'a/bc.h']]);
  t.deepEqual(data.names('a/b.h', 1), [['t', 'u'], ['v'], []]);
  t.deepEqual(data.names('a/b.h', 2), [['t', 'w'], [], ['E']]);
  t.deepEqual(data.names('a/b.h', 3), [['t', 'u', 'w'], ['v'], ['E']]);
  t.deepEqual(data.names('a/bc.h', 1), [[], [], []]);
});

test('NamesData: damaged bytes are an error', (t) => {
  const error = t.throws(() => new NamesData(Buffer.from('not compressed')), { instanceOf: IkfsError });
  t.is(error.code, 'corrupt');
});
