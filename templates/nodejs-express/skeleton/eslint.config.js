import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['coverage/'] },
  js.configs.recommended,
  {
    languageOptions: { globals: globals.node },
    rules: { eqeqeq: 'error', 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }], 'prefer-const': 'error' },
  },
];
