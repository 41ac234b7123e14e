export { EmptyState } from './EmptyState';
export { PageHeader } from './PageHeader';
export { ProblemNotice } from './ProblemNotice';
export { cssVariablesResolver, theme } from './theme';
