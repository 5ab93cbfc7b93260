import type { Constants } from './entry.ts';

/** Conversions between the byte orders of machine and network. */
export const byteOrder: readonly Constants[] = [
  {
    headers: [
      'include/uapi/linux/byteorder/little_endian.h',
      'include/uapi/linux/byteorder/big_endian.h',
      'include/linux/byteorder/generic.h',
      'include/linux/swab.h',
      'include/uapi/linux/swab.h',
    ],
    text: `#ifndef ntohs
#define __swab16(value) ((__u16)__builtin_bswap16((__u16)(value)))
#define __swab32(value) ((__u32)__builtin_bswap32((__u32)(value)))
#define __swab64(value) ((__u64)__builtin_bswap64((__u64)(value)))
#define swab16 __swab16
#define swab32 __swab32
#define swab64 __swab64
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#ifndef __LITTLE_ENDIAN
#define __LITTLE_ENDIAN 1234
#endif
#ifndef __LITTLE_ENDIAN_BITFIELD
#define __LITTLE_ENDIAN_BITFIELD
#endif
#define __be16_to_cpu(value) __swab16((__u16)(value))
#define __be32_to_cpu(value) __swab32((__u32)(value))
#define __be64_to_cpu(value) __swab64((__u64)(value))
#define __le16_to_cpu(value) ((__u16)(value))
#define __le32_to_cpu(value) ((__u32)(value))
#define __le64_to_cpu(value) ((__u64)(value))
#else
#ifndef __BIG_ENDIAN
#define __BIG_ENDIAN 4321
#endif
#ifndef __BIG_ENDIAN_BITFIELD
#define __BIG_ENDIAN_BITFIELD
#endif
#define __be16_to_cpu(value) ((__u16)(value))
#define __be32_to_cpu(value) ((__u32)(value))
#define __be64_to_cpu(value) ((__u64)(value))
#define __le16_to_cpu(value) __swab16((__u16)(value))
#define __le32_to_cpu(value) __swab32((__u32)(value))
#define __le64_to_cpu(value) __swab64((__u64)(value))
#endif
#define __cpu_to_be16(value) ((__be16)__be16_to_cpu(value))
#define __cpu_to_be32(value) ((__be32)__be32_to_cpu(value))
#define __cpu_to_be64(value) ((__be64)__be64_to_cpu(value))
#define __cpu_to_le16(value) ((__le16)__le16_to_cpu(value))
#define __cpu_to_le32(value) ((__le32)__le32_to_cpu(value))
#define __cpu_to_le64(value) ((__le64)__le64_to_cpu(value))
#define be16_to_cpu __be16_to_cpu
#define be32_to_cpu __be32_to_cpu
#define be64_to_cpu __be64_to_cpu
#define le16_to_cpu __le16_to_cpu
#define le32_to_cpu __le32_to_cpu
#define le64_to_cpu __le64_to_cpu
#define cpu_to_be16 __cpu_to_be16
#define cpu_to_be32 __cpu_to_be32
#define cpu_to_be64 __cpu_to_be64
#define cpu_to_le16 __cpu_to_le16
#define cpu_to_le32 __cpu_to_le32
#define cpu_to_le64 __cpu_to_le64
#define ntohs(value) __be16_to_cpu(value)
#define ntohl(value) __be32_to_cpu(value)
#define htons(value) __cpu_to_be16(value)
#define htonl(value) __cpu_to_be32(value)
#define ___ntohs ntohs
#define ___ntohl ntohl
#define ___htons htons
#define ___htonl htonl
#endif`,
    source: 'byteorder(3), endian(3); Documentation/core-api/unaligned-memory-access.rst',
  },
];
