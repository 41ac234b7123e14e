// Not part of `@/ui`: pages without a chart need not load the chart library.
export { LineChart, type ChartSeries } from './LineChart';
export type { ChartMark } from './marksPlugin';
export { Sparkline } from './Sparkline';
