import test from 'ava';
import { headersPackage, newestPackage } from './debian-kernels.ts';

const offered = [
  'linux-image-6.1.0-9-amd64-unsigned',
  'linux-image-6.1.0-56-amd64-dbg',
  'linux-image-6.1.0-56-amd64-unsigned',
  'linux-image-6.1.0-57-rt-amd64-unsigned',
  'linux-image-6.1.0-50-cloud-amd64-unsigned',
  'linux-image-6.1.0-58-cloud-arm64-unsigned',
  'linux-image-6.12.9+bpo-cloud-amd64',
  'linux-image-6.12.117+deb12-cloud-amd64',
  'linux-image-6.12.118+deb12-cloud-amd64-dbg',
  'linux-image-6.12.118+deb12-rt-amd64',
];

test('the newest package of a kernel is the one with the highest numbers', (t) => {
  t.is(newestPackage('6.1', offered), 'linux-image-6.1.0-56-amd64-unsigned');
  t.is(newestPackage('6.12-cloud', offered), 'linux-image-6.12.117+deb12-cloud-amd64');
});

test('a cloud kernel is not taken for a plain one, nor another flavour for either', (t) => {
  t.is(newestPackage('6.1-cloud', offered), 'linux-image-6.1.0-50-cloud-amd64-unsigned');
  t.is(newestPackage('6.1', ['linux-image-6.1.0-57-rt-amd64-unsigned']), undefined);
});

test('the headers of a kernel are called after its release', (t) => {
  t.is(headersPackage('linux-image-6.1.0-56-cloud-amd64-unsigned'), 'linux-headers-6.1.0-56-cloud-amd64');
  t.is(headersPackage('linux-image-6.12.117+deb12-cloud-amd64'), 'linux-headers-6.12.117+deb12-cloud-amd64');
});
