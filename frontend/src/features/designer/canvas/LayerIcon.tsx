/** The icons of the layer families, by the name the registry gives. */

import {
  IconActivity,
  IconAdjustmentsHorizontal,
  IconArrowsMinimize,
  IconBaselineDensitySmall,
  IconBox,
  IconChartBar,
  IconColumns,
  IconFlag,
  IconGrain,
  IconGridDots,
  IconLogin,
  IconLogout,
  IconPhoto,
  IconPlus,
  IconQuestionMark,
  IconSquare,
  IconTable,
  IconVectorTriangle,
  IconX,
  type Icon,
} from '@tabler/icons-react';
import { createElement } from 'react';

const ICONS: ReadonlyMap<string, Icon> = new Map([
  ['activity', IconActivity],
  ['adjustments-horizontal', IconAdjustmentsHorizontal],
  ['arrows-minimize', IconArrowsMinimize],
  ['baseline-density-small', IconBaselineDensitySmall],
  ['box', IconBox],
  ['chart-bar', IconChartBar],
  ['columns', IconColumns],
  ['flag', IconFlag],
  ['grain', IconGrain],
  ['grid-dots', IconGridDots],
  ['login', IconLogin],
  ['logout', IconLogout],
  ['photo', IconPhoto],
  ['plus', IconPlus],
  ['table', IconTable],
  ['vector-triangle', IconVectorTriangle],
  ['x', IconX],
]);

interface LayerIconProps {
  /** As the registry gives it; undefined for a type that is not installed. */
  name: string | undefined;
  size: number;
  className?: string | undefined;
}

/** A type of an installed package may use an icon that is not bundled: it gets a plain square. */
export function LayerIcon({ name, size, className = '' }: LayerIconProps) {
  const icon = name === undefined ? IconQuestionMark : (ICONS.get(name) ?? IconSquare);
  return createElement(icon, { size, stroke: 1.8, className, 'aria-hidden': true });
}
