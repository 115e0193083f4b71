import { createRoot } from 'react-dom/client';
import { Classifier } from './Classifier.tsx';

createRoot(document.getElementById('root')!).render(<Classifier model="model.safetensors" />);
