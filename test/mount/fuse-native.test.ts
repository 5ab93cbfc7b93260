import { testWith } from '../requirements.ts';
import { testConformance } from './conformance.ts';
import { emptyFolder, needsOf, serve } from './conformance-mount.ts';

testConformance('fuse-native');

testWith(needsOf['fuse-native'])(
  'libfuse is found in the package of fuse-native, in the same process',
  async (t) => {
    const server = serve(t, 'fuse-native', await emptyFolder(t));
    const event = await server.event('mounted');
    t.is(event['process'], server.process.pid);
    t.regex(String(event['libfuse']), /libfuse\.so/);
  },
);
