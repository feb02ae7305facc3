#!/usr/bin/env bash
# One training by several processes on a Slurm cluster, over Gloo:
#   sbatch deploy/slurm-train.sh /data/cells /data/runs/compact
# Each task takes its share of every batch; the result is that of one process with --accumulate 8. A job that is
# killed, preempted or sent again goes on from the last checkpoint. All tasks see the same folders.
#SBATCH --job-name=bloodcell-train
#SBATCH --ntasks=8
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=2G
#SBATCH --time=12:00:00
#SBATCH --requeue
set -euo pipefail
data=$1
run=$2
how=(--distributed slurm --threads "$SLURM_CPUS_PER_TASK")
if [ -e "$run/config.json" ]; then
  exec srun bloodcell train --resume "$run" "${how[@]}"
fi
exec srun bloodcell train --model compact --data "$data" --families "$data/families.csv" --run "$run" --batch 64 \
  --checkpoint-seconds 60 "${how[@]}"
