const from = (path, allowed, comment) => ({
  name: `from-${path.replaceAll(/[^a-z]/g, '')}`,
  comment,
  severity: 'error',
  from: { path: `^src/${path}` },
  to: { path: '^src/', pathNot: allowed.map((one) => `^src/${one}`) },
});

export default {
  forbidden: [
    from('kit/', ['kit/'], 'kit knows nothing of us'),
    from('events/', ['events/', 'kit/'], 'events → kit'),
    from('ports/', ['ports/', 'events/', 'kit/'], 'ports → events, kit'),
    from('db/', ['db/', 'events/', 'kit/'], 'db → events, kit'),
    from('http/', ['http/', 'ports/', 'events/', 'kit/'], 'http → ports, events, kit'),
    from('engines/', ['engines/', 'ports/', 'db/', 'events/', 'kit/'], 'engines → ports, db, events, kit'),
    from(
      'pipeline/',
      ['pipeline/', 'http/', 'db/', 'ports/', 'events/', 'kit/'],
      'the pipeline never imports a feature',
    ),
    from(
      'features/',
      ['features/', 'pipeline/ingest/index\\.ts$', 'http/', 'db/', 'ports/', 'events/', 'kit/'],
      'features reach the pipeline by its door',
    ),
    {
      name: 'features-meet-at-their-doors',
      severity: 'error',
      from: { path: '^src/features/([^/]+)/' },
      to: { path: '^src/features/', pathNot: ['^src/features/$1/', '^src/features/[^/]+/index\\.ts$'] },
    },
    {
      name: 'stages-meet-at-their-doors',
      severity: 'error',
      from: { path: '^src/pipeline/([^/]+)/' },
      to: { path: '^src/pipeline/', pathNot: ['^src/pipeline/$1/', '^src/pipeline/[^/]+/index\\.ts$'] },
    },
    {
      name: 'engines-never-meet',
      severity: 'error',
      from: { path: '^src/engines/([^/]+)/' },
      to: { path: '^src/engines/', pathNot: ['^src/engines/$1/'] },
    },
    {
      name: 'engine-packages-stay-with-engines',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(engines|db)/' },
      to: { path: 'node_modules/(pg|pg-copy-streams|mongodb|ioredis|amqplib|@platformatic/kafka|@elastic)/' },
    },
    {
      name: 'pages-import-nothing-of-the-server',
      severity: 'error',
      from: { path: '^(web|tracker)/' },
      to: { path: '^src/' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
