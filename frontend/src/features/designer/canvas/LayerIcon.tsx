/** The icons of the layer families, by the name the registry gives. */

import {
  IconAbc,
  IconActivity,
  IconAdjustmentsHorizontal,
  IconAffiliate,
  IconArrowBarToRight,
  IconArrowsMinimize,
  IconBaselineDensitySmall,
  IconBox,
  IconChartBar,
  IconColumns,
  IconCrop,
  IconFlag,
  IconGrain,
  IconGridDots,
  IconLayersIntersect,
  IconLogin,
  IconLogout,
  IconMapPin,
  IconPhoto,
  IconPlus,
  IconQuestionMark,
  IconRepeat,
  IconRotateClockwise,
  IconSquare,
  IconStack2,
  IconTable,
  IconTarget,
  IconTimeline,
  IconVectorTriangle,
  IconWaveSine,
  IconX,
  type Icon,
} from '@tabler/icons-react';
import { createElement } from 'react';

const ICONS: ReadonlyMap<string, Icon> = new Map([
  ['abc', IconAbc],
  ['activity', IconActivity],
  ['adjustments-horizontal', IconAdjustmentsHorizontal],
  ['affiliate', IconAffiliate],
  ['arrow-bar-to-right', IconArrowBarToRight],
  ['arrows-minimize', IconArrowsMinimize],
  ['baseline-density-small', IconBaselineDensitySmall],
  ['box', IconBox],
  ['chart-bar', IconChartBar],
  ['columns', IconColumns],
  ['crop', IconCrop],
  ['flag', IconFlag],
  ['grain', IconGrain],
  ['grid-dots', IconGridDots],
  ['layers-intersect', IconLayersIntersect],
  ['login', IconLogin],
  ['logout', IconLogout],
  ['map-pin', IconMapPin],
  ['photo', IconPhoto],
  ['plus', IconPlus],
  ['repeat', IconRepeat],
  ['rotate-clockwise', IconRotateClockwise],
  ['stack-2', IconStack2],
  ['table', IconTable],
  ['target', IconTarget],
  ['timeline', IconTimeline],
  ['vector-triangle', IconVectorTriangle],
  ['wave-sine', IconWaveSine],
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
