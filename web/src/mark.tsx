/** Water over a weir: the sign of the house. */
export const Mark = () => (
  <svg viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="9" fill="var(--mantine-color-river-8)" />
    <g fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round">
      <path d="M6 11h8c4 0 4 4 4 6s0 5 4 5h4" />
      <path d="M6 16.5h5c2.2 0 2.2 2 2.2 3.5s.6 2 1.8 2" opacity=".6" />
    </g>
  </svg>
);
