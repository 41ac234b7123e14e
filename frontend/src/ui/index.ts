export { ButtonLink } from './ButtonLink';
export { csvText, downloadBlob, downloadCsv } from './download';
export { EmptyState } from './EmptyState';
export { PageHeader } from './PageHeader';
export { Panel } from './Panel';
export { ProblemNotice } from './ProblemNotice';
export { ProblemPage } from './ProblemPage';
export { StateBadge } from './StateBadge';
export { cssVariablesResolver, theme } from './theme';
