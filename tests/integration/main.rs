mod skeletons;
