// behaviours
