"""Operators of TensorFlow that compute with numbers and variables, and do nothing else.

A SavedModel is a program: an operator can read and write files, run Python or ask other machines.
What is not named here is never given to TensorFlow. Names are those of TensorFlow's registry
(https://www.tensorflow.org/api_docs/python/tf/raw_ops).
"""

from __future__ import annotations

_ARITHMETIC = """
Abs Acos Acosh Add AddN AddV2 Asin Asinh Atan Atan2 Atanh BesselI0e BesselI1e Betainc BitwiseAnd
BitwiseOr BitwiseXor Cast Ceil ClipByValue Complex ComplexAbs Conj Cos Cosh Cross Digamma Div
DivNoNan Erf Erfc Erfinv Exp Expm1 Floor FloorDiv FloorMod Igamma Igammac Imag Inv Invert IsFinite
IsInf IsNan LeftShift Lgamma Log Log1p Maximum Minimum Mod Mul MulNoNan Ndtri Neg NextAfter
Polygamma Pow Real RealDiv Reciprocal RightShift Rint Round Rsqrt Sigmoid Sign Sin Sinh Sqrt Square
SquaredDifference Sub Tan Tanh TruncateDiv TruncateMod Xdivy Xlog1py Xlogy Zeta
ApproximateEqual Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot LogicalOr NotEqual
Select SelectV2
All Any ArgMax ArgMin Bincount Bucketize Cumprod Cumsum CumulativeLogsumexp DenseBincount
EuclideanNorm Max Mean Min Prod SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum
SegmentMaxV2 SegmentMinV2 SegmentProdV2 SegmentSumV2 SparseSegmentMean
SparseSegmentMeanWithNumSegments SparseSegmentSqrtN SparseSegmentSqrtNWithNumSegments
SparseSegmentSum SparseSegmentSumWithNumSegments Sum UnsortedSegmentMax UnsortedSegmentMin
UnsortedSegmentProd UnsortedSegmentSum
BatchMatMul BatchMatMulV2 BatchMatMulV3 Cholesky Einsum MatMul MatrixBandPart MatrixDeterminant
MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixInverse
MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MatrixSolve MatrixTriangularSolve Qr
SelfAdjointEigV2 SparseTensorDenseMatMul Svd FFT FFT2D FFT3D IFFT IFFT2D IFFT3D IRFFT IRFFT2D
IRFFT3D RFFT RFFT2D RFFT3D
"""
_LAYERS = """
AvgPool AvgPool3D BatchNormWithGlobalNormalization BiasAdd BiasAddV1 Conv Conv2D
Conv2DBackpropInput Conv2DBackpropInputV2 Conv3D Conv3DBackpropInput Conv3DBackpropInputV2 CudnnRNN
CudnnRNNV2 CudnnRNNV3 DepthwiseConv2dNative DepthwiseConv2dNativeBackpropInput Dilation2D Elu
FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel FractionalAvgPool
FractionalMaxPool FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 GRUBlockCell InTopKV2 L2Loss
LRN LSTMBlockCell BlockLSTM BlockLSTMV2 LeakyRelu LogSoftmax MaxPool MaxPool3D MaxPoolV2
MaxPoolWithArgmax QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 Relu
Relu6 Selu Softmax SoftmaxCrossEntropyWithLogits Softplus Softsign
SparseSoftmaxCrossEntropyWithLogits TopK TopKV2
AdjustContrastv2 AdjustHue AdjustSaturation CombinedNonMaxSuppression CropAndResize
ExtractImagePatches ExtractVolumePatches HSVToRGB ImageProjectiveTransformV2
ImageProjectiveTransformV3 NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3
NonMaxSuppressionV4 NonMaxSuppressionV5 RGBToHSV ResizeArea ResizeBicubic ResizeBilinear
ResizeNearestNeighbor SampleDistortedBoundingBoxV2 ScaleAndTranslate
Multinomial RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt RngReadAndSkip
RngSkip StatefulStandardNormalV2 StatefulTruncatedNormal StatefulUniform StatefulUniformInt
StatelessMultinomial StatelessRandomBinomial StatelessRandomGammaV2 StatelessRandomGetAlg
StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg StatelessRandomNormal
StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomUniformInt StatelessRandomUniformIntV2
StatelessRandomUniformV2 StatelessShuffle StatelessTruncatedNormal StatelessTruncatedNormalV2
TruncatedNormal
"""
_SHAPES = """
BatchToSpace BatchToSpaceND BroadcastArgs BroadcastGradientArgs BroadcastTo CheckNumerics Concat
ConcatOffset ConcatV2 Const DepthToSpace DynamicPartition DynamicStitch EnsureShape Empty
ExpandDims Fill Gather GatherNd GatherV2 Identity IdentityN InvertPermutation LinSpace ListDiff
LowerBound MirrorPad OneHot OnesLike Pack Pad PadV2 ParallelConcat ParallelDynamicStitch
Placeholder PlaceholderV2 PlaceholderWithDefault PreventGradient RaggedGather RaggedRange
RaggedTensorToTensor Range Rank Reshape ResourceGather ResourceGatherNd Reverse ReverseSequence
ReverseV2 Roll ScatterNd Shape ShapeN Size Slice Snapshot SpaceToBatch SpaceToBatchND SpaceToDepth
SparseFillEmptyRows SparseReshape SparseToDense Split SplitV Squeeze StopGradient StridedSlice
TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub TensorScatterUpdate Tile
Transpose Unique UniqueV2 UniqueWithCounts UniqueWithCountsV2 Unpack UnravelIndex UpperBound Where
ZerosLike
"""
_FLOW = """
Assert Assign AssignAdd AssignAddVariableOp AssignSub AssignSubVariableOp AssignVariableOp
DisableCopyOnRead IsVariableInitialized ReadVariableOp ResourceScatterAdd ResourceScatterUpdate
VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2
Case ControlTrigger Enter Exit If LoopCond Merge NextIteration NoOp PartitionedCall
StatefulPartitionedCall StatelessCase StatelessIf StatelessWhile Switch While
EmptyTensorList TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather
TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack TensorListReserve
TensorListResize TensorListScatterV2 TensorListSetItem TensorListSplit TensorListStack
TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayReadV3 TensorArrayScatterV3
TensorArraySizeV3 TensorArraySplitV3 TensorArrayV3 TensorArrayWriteV3
StackV2 StackPopV2 StackPushV2 StackCloseV2
"""

NAMES_OF_FILES = {
    "SaveV2": (0,),
    "RestoreV2": (0,),
    "MergeV2Checkpoints": (0, 1),
}
"""Which inputs of the operators of a checkpoint name files. Every SavedModel has these three."""
MAKE_NAMES = {
    "ShardedFilename": (0,),
    "StringJoin": None,
    "Pack": None,
    "Identity": (0,),
    "PlaceholderWithDefault": (0,),
    "Select": (1, 2),
    "SelectV2": (1, 2),
}
"""Operators between a given name and that of a file, and which inputs go into it; None for all."""
CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
ALLOWED = frozenset(
    (
        *" ".join((_ARITHMETIC, _LAYERS, _SHAPES, _FLOW)).split(),
        *NAMES_OF_FILES,
        *MAKE_NAMES,
        "StaticRegexFullMatch",
    )
)
