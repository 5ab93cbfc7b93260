import { defines, definesOnce, once } from './entry.ts';
import type { Constants } from './entry.ts';

/** Files, file systems and block devices. */
export const files: readonly Constants[] = [
  {
    headers: ['include/uapi/linux/limits.h'],
    text: defines({
      NR_OPEN: 1024,
      NGROUPS_MAX: 65536,
      ARG_MAX: 131072,
      LINK_MAX: 127,
      MAX_CANON: 255,
      MAX_INPUT: 255,
      NAME_MAX: 255,
      PATH_MAX: 4096,
      PIPE_BUF: 4096,
      XATTR_NAME_MAX: 255,
      XATTR_SIZE_MAX: 65536,
      XATTR_LIST_MAX: 65536,
      RTSIG_MAX: 32,
    }),
    source: 'limits.h(0p); pathconf(3); xattr(7)',
  },
  {
    headers: ['include/linux/dcache.h'],
    text: defines({ DNAME_INLINE_LEN: '@count dentry.d_iname@' }),
    when: 'array:dentry.d_iname !enumerator:DNAME_INLINE_LEN',
    source: 'length of dentry.d_iname in BTF',
  },
  {
    headers: ['include/linux/dcache.h'],
    text: defines({ DNAME_INLINE_LEN: '@count shortname_store.string@' }),
    when: '!array:dentry.d_iname array:shortname_store.string !enumerator:DNAME_INLINE_LEN',
    source: 'length of shortname_store.string in BTF',
  },
  {
    headers: ['include/linux/blkdev.h', 'include/linux/genhd.h'],
    text: definesOnce({ DISK_NAME_LEN: '@count gendisk.disk_name@' }),
    when: 'array:gendisk.disk_name !enumerator:DISK_NAME_LEN',
    source: 'length of gendisk.disk_name in BTF',
  },
  {
    headers: ['include/uapi/linux/stat.h'],
    text: `${defines({
      S_IFMT: '00170000',
      S_IFSOCK: '0140000',
      S_IFLNK: '0120000',
      S_IFREG: '0100000',
      S_IFBLK: '0060000',
      S_IFDIR: '0040000',
      S_IFCHR: '0020000',
      S_IFIFO: '0010000',
      S_ISUID: '0004000',
      S_ISGID: '0002000',
      S_ISVTX: '0001000',
      S_IRWXU: '00700',
      S_IRUSR: '00400',
      S_IWUSR: '00200',
      S_IXUSR: '00100',
      S_IRWXG: '00070',
      S_IRGRP: '00040',
      S_IWGRP: '00020',
      S_IXGRP: '00010',
      S_IRWXO: '00007',
      S_IROTH: '00004',
      S_IWOTH: '00002',
      S_IXOTH: '00001',
    })}
#define S_ISLNK(mode) (((mode) & S_IFMT) == S_IFLNK)
#define S_ISREG(mode) (((mode) & S_IFMT) == S_IFREG)
#define S_ISDIR(mode) (((mode) & S_IFMT) == S_IFDIR)
#define S_ISCHR(mode) (((mode) & S_IFMT) == S_IFCHR)
#define S_ISBLK(mode) (((mode) & S_IFMT) == S_IFBLK)
#define S_ISFIFO(mode) (((mode) & S_IFMT) == S_IFIFO)
#define S_ISSOCK(mode) (((mode) & S_IFMT) == S_IFSOCK)`,
    source: 'inode(7)',
  },
  {
    headers: ['include/linux/fs.h'],
    text: defines({
      FMODE_READ: '((fmode_t)0x1)',
      FMODE_WRITE: '((fmode_t)0x2)',
      FMODE_LSEEK: '((fmode_t)0x4)',
      FMODE_PREAD: '((fmode_t)0x8)',
      FMODE_PWRITE: '((fmode_t)0x10)',
      FMODE_EXEC: '((fmode_t)0x20)',
    }),
    source: 'include/linux/fs.h (values)',
  },
  {
    headers: ['include/linux/fs.h'],
    text: defines({ FMODE_CREATED: '((fmode_t)0x100000)' }),
    from: '4.19',
    source: 'include/linux/fs.h (values)',
  },
  {
    headers: ['include/uapi/asm-generic/fcntl.h'],
    machines: ['x86', 's390', 'riscv', 'loongarch'],
    text: once(
      'open_flags',
      defines({
        O_ACCMODE: '00000003',
        O_RDONLY: '00000000',
        O_WRONLY: '00000001',
        O_RDWR: '00000002',
        O_CREAT: '00000100',
        O_EXCL: '00000200',
        O_NOCTTY: '00000400',
        O_TRUNC: '00001000',
        O_APPEND: '00002000',
        O_NONBLOCK: '00004000',
        O_DSYNC: '00010000',
        O_DIRECT: '00040000',
        O_LARGEFILE: '00100000',
        O_DIRECTORY: '00200000',
        O_NOFOLLOW: '00400000',
        O_NOATIME: '01000000',
        O_CLOEXEC: '02000000',
        O_PATH: '010000000',
      }),
    ),
    source: 'open(2)',
  },
  {
    headers: ['include/uapi/linux/fcntl.h'],
    text: defines({
      AT_FDCWD: -100,
      AT_SYMLINK_NOFOLLOW: '0x100',
      AT_REMOVEDIR: '0x200',
      AT_SYMLINK_FOLLOW: '0x400',
      AT_NO_AUTOMOUNT: '0x800',
      AT_EMPTY_PATH: '0x1000',
    }),
    source: 'openat(2), unlinkat(2), linkat(2)',
  },
  {
    headers: [
      'include/linux/kernel.h',
      'include/linux/kern_levels.h',
      'include/linux/fs.h',
      'include/linux/uio.h',
    ],
    text: definesOnce({ READ: 0, WRITE: 1 }),
    source: 'Documentation/filesystems/vfs.rst, direct_IO',
  },
  {
    headers: ['include/linux/blk_types.h'],
    text: defines({ REQ_OP_BITS: 8, REQ_OP_MASK: '((1 << REQ_OP_BITS) - 1)' }),
    from: '4.10',
    source: 'include/linux/blk_types.h (values)',
  },
  {
    headers: ['include/linux/blk_types.h'],
    text: [
      'FAILFAST_DEV',
      'FAILFAST_TRANSPORT',
      'FAILFAST_DRIVER',
      'SYNC',
      'META',
      'PRIO',
      'NOMERGE',
      'IDLE',
      'INTEGRITY',
      'FUA',
      'PREFLUSH',
      'RAHEAD',
      'BACKGROUND',
      'NOWAIT',
    ]
      .map((name) => `#define REQ_${name} (1ULL << __REQ_${name})`)
      .join('\n'),
    when: 'enumerator:__REQ_SYNC',
    source: 'include/linux/blk_types.h (names of bits)',
  },
  {
    headers: ['include/linux/blk_types.h', 'include/linux/blkdev.h'],
    text: definesOnce({ SECTOR_SHIFT: 9, SECTOR_SIZE: '(1 << SECTOR_SHIFT)' }),
    source: 'Documentation/block',
  },
  {
    headers: ['include/linux/blkdev.h'],
    text: `static inline __attribute__((always_inline)) dev_t disk_devt(struct gendisk *disk) { return MKDEV(disk->major, disk->first_minor); }`,
    when: 'member:gendisk.major member:gendisk.first_minor',
    source: 'members of gendisk in BTF',
  },
  {
    headers: ['include/linux/bio.h'],
    text: '#define bio_dev(bio) disk_devt((bio)->bi_bdev->bd_disk)',
    when: 'member:bio.bi_bdev member:block_device.bd_disk !member:bio.bi_disk',
    source: 'members of bio and block_device in BTF',
  },
  {
    headers: ['include/linux/bio.h'],
    text: '#define bio_dev(bio) disk_devt((bio)->bi_disk)',
    when: 'member:bio.bi_disk',
    source: 'members of bio in BTF',
  },
  {
    headers: ['include/linux/scatterlist.h'],
    text: `#define SG_CHAIN 0x01UL
#define SG_END 0x02UL
#define SG_PAGE_LINK_MASK (SG_CHAIN | SG_END)
static inline __attribute__((always_inline)) _Bool sg_is_chain(struct scatterlist *sg) { return sg->page_link & SG_CHAIN; }
static inline __attribute__((always_inline)) _Bool sg_is_last(struct scatterlist *sg) { return sg->page_link & SG_END; }
static inline __attribute__((always_inline)) struct scatterlist *sg_chain_ptr(struct scatterlist *sg) { return (struct scatterlist *)(sg->page_link & ~SG_PAGE_LINK_MASK); }`,
    when: 'member:scatterlist.page_link',
    source: 'Documentation/core-api/dma-api-howto.rst; members of scatterlist in BTF',
  },
  {
    headers: ['include/uapi/linux/major.h'],
    text: defines({ MEM_MAJOR: 1, TTY_MAJOR: 4, LOOP_MAJOR: 7, MD_MAJOR: 9, SCSI_DISK0_MAJOR: 8 }),
    source: 'Documentation/admin-guide/devices.txt',
  },
];
