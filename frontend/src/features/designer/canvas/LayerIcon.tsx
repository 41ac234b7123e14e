/** The icons of the layer families, by the name the registry gives. */

import {
  IconActivity,
  IconAdjustments,
  IconAdjustmentsHorizontal,
  IconArrowsHorizontal,
  IconArrowsMaximize,
  IconArrowsMinimize,
  IconArrowsShuffle,
  IconBaselineDensitySmall,
  IconBorderOuter,
  IconBox,
  IconChartBar,
  IconColumns,
  IconCrop,
  IconCube,
  IconDivide,
  IconFilter,
  IconFlag,
  IconFold,
  IconGrain,
  IconGridDots,
  IconLogin,
  IconLogout,
  IconMathMax,
  IconMathMin,
  IconMatrix,
  IconMinus,
  IconPhoto,
  IconPlus,
  IconQuestionMark,
  IconSlice,
  IconSquare,
  IconStack2,
  IconSum,
  IconTable,
  IconTransform,
  IconVectorTriangle,
  IconWaveSine,
  IconX,
  type Icon,
} from '@tabler/icons-react';
import { createElement } from 'react';

const ICONS: ReadonlyMap<string, Icon> = new Map([
  ['activity', IconActivity],
  ['adjustments', IconAdjustments],
  ['adjustments-horizontal', IconAdjustmentsHorizontal],
  ['arrows-horizontal', IconArrowsHorizontal],
  ['arrows-maximize', IconArrowsMaximize],
  ['arrows-minimize', IconArrowsMinimize],
  ['arrows-shuffle', IconArrowsShuffle],
  ['baseline-density-small', IconBaselineDensitySmall],
  ['border-outer', IconBorderOuter],
  ['box', IconBox],
  ['chart-bar', IconChartBar],
  ['columns', IconColumns],
  ['crop', IconCrop],
  ['cube', IconCube],
  ['divide', IconDivide],
  ['filter', IconFilter],
  ['flag', IconFlag],
  ['fold', IconFold],
  ['grain', IconGrain],
  ['grid-dots', IconGridDots],
  ['login', IconLogin],
  ['logout', IconLogout],
  ['math-max', IconMathMax],
  ['math-min', IconMathMin],
  ['matrix', IconMatrix],
  ['minus', IconMinus],
  ['photo', IconPhoto],
  ['plus', IconPlus],
  ['slice', IconSlice],
  ['stack-2', IconStack2],
  ['sum', IconSum],
  ['table', IconTable],
  ['transform', IconTransform],
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
