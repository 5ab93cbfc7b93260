import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** For every file: what is nearly always a mistake. */
const always = {
  eqeqeq: 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'object-shorthand': 'error',
};

/** How ikfs speaks about errors: one class, so that every failure has a code, a path and an offset. */
const onlyIkfsErrors = {
  'no-restricted-syntax': [
    'error',
    {
      selector: 'ThrowStatement > NewExpression[callee.name=/^(Error|TypeError|RangeError)$/]',
      message: 'Throw an IkfsError: users and scripts rely on its code, path and offset.',
    },
  ],
};

export default defineConfig(
  { ignores: ['node_modules', 'dist', 'build', '.build', '.cache'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...always,
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // A new kind of node or artifact must not fall through a switch in silence; a default clause is an answer.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Messages are full of offsets and sizes.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `x as T` right after the check that makes it true is how indexed access is narrowed here.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // A counted loop reads better over bytes than an iterator does.
      '@typescript-eslint/prefer-for-of': 'off',
      // `() => close(descriptor)` says that nothing more happens.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // An empty string is often as good as none: `stderr.trim() || 'it said nothing'`.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      // Interfaces ask for promises from implementations that need not wait.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  { files: ['src/**/*.ts', 'daemon/**/*.ts'], rules: onlyIkfsErrors },
  {
    // Plain Node: runs before anything is compiled, so it has no types to check.
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'performance',
          'Buffer',
          'URL',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: { ...always, 'no-undef': 'error', 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] },
  },
);
