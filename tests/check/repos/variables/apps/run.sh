echo start
echo ${NOT_THERE}
