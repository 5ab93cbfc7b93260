{
  'variables': {
    # 1 where a program that uses liblzma compiles and links, else 0.
    'lzma%': '<!(node native/probe-lzma.mjs)',
    'werror%': '<!(echo ${IKFS_WERROR:-0})',
  },
  'targets': [
    {
      'target_name': 'ikfs',
      'sources': [
        'native/addon.cc',
        'native/archive/archive_index.cc',
        'native/archive/entry_name.cc',
        'native/archive/index_archive.cc',
        'native/archive/pax_header.cc',
        'native/archive/tar_header.cc',
        'native/archive/tar_number.cc',
        'native/archive/tar_scanner.cc',
        'native/codec/codecs.cc',
        'native/codec/decode_stream.cc',
        'native/core/failure.cc',
        'native/core/input.cc',
        'native/core/output.cc',
      ],
      'include_dirs': ['native'],
      # Node-API's headers are not ours to warn about, hence -isystem.
      'cflags': ['-Wall', '-Wextra', '-isystem ../<!(node -p "require(\'node-addon-api\').include_dir")'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fno-exceptions'],
      'cflags_cc': ['-std=c++20', '-fexceptions'],
      'defines': [
        'NAPI_VERSION=8',
        'NAPI_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        '_FILE_OFFSET_BITS=64',
      ],
      'conditions': [
        ['lzma == 1', {
          'sources': ['native/codec/xz.cc'],
          'defines': ['IKFS_HAVE_LZMA'],
          'libraries': ['-llzma'],
        }],
        ['werror == 1', {'cflags': ['-Werror']}],
      ],
    },
  ],
}
