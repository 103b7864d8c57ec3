mod skeletons;
mod yaml;
