/**
 * React Flow as its guide begins: its own nodes and edges, and no setting changed.
 *
 * It opens the graph that is named in the address, so that one build serves every size.
 */

import { ReactFlow, useEdgesState, useNodesState } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

function Plain({ graph }) {
  const [nodes, , onNodesChange] = useNodesState(graph.nodes);
  const [edges, , onEdgesChange] = useEdgesState(graph.edges);
  return createElement(ReactFlow, { nodes, edges, onNodesChange, onEdgesChange });
}

const name = new URLSearchParams(location.search).get('graph');
const answer = await fetch(`./${name}.json`);
createRoot(document.getElementById('root')).render(
  createElement(Plain, { graph: await answer.json() }),
);
