#!/usr/bin/env bash
# A search for settings on a Slurm cluster, its study on a PostgreSQL server:
#   sbatch deploy/slurm-tune.sh postgresql://me@db.example.org/studies /data/cells /data/search
# Each task is a worker; the first begins the study. A task that is killed, preempted or sent again goes on:
# the trial it was at is taken up at its last checkpoint, for all tasks see the same folder of runs.
# The password is in ~/.pgpass, where no list of processes shows it.
#SBATCH --job-name=bloodcell-tune
#SBATCH --array=0-7
#SBATCH --cpus-per-task=4
#SBATCH --mem=4G
#SBATCH --time=12:00:00
#SBATCH --requeue
set -euo pipefail
study=$1
data=$2
runs=$3
name=compact
worker=(--storage "$study" --name "$name" --runs "$runs" --threads "$SLURM_CPUS_PER_TASK")
is_begun() { bloodcell tune status --storage "$study" --name "$name" >/dev/null 2>&1; }

if [ "$SLURM_ARRAY_TASK_ID" = 0 ] && ! is_begun; then
  exec bloodcell tune "${worker[@]}" --model compact --data "$data" --families "$data/families.csv" --trials 200
fi
until is_begun; do sleep 5; done
exec bloodcell tune resume "${worker[@]}"

# Meanwhile, anywhere: bloodcell tune status --storage postgresql://me@db.example.org/studies
